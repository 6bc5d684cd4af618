//! What somebody has proved, for views: asked once for all of them.

import type { Verification } from "@rerp/shared/api";
import { Failure, taken, useApi, usePerson } from "@rerp/shared/app";
import { type UseQueryResult, useQuery } from "@tanstack/solid-query";

/** Null: identity knows nobody of this name. That is no failure: whoever can sign in needn't be a customer. */
export function useVerification(): UseQueryResult<Verification | null, Error> {
  const api = useApi();
  const person = usePerson();
  const status = async (human_name_id: string): Promise<Verification | null> => {
    const params = { path: { human_name_id } };
    try {
      return await taken(api.GET("/api/identity/verification-status/{human_name_id}", { params }));
    } catch (error) {
      if (error instanceof Failure && error.status === 404) {
        return null;
      }
      throw error;
    }
  };
  return useQuery(() => ({
    queryKey: ["identity", "verification", person().person],
    queryFn: () => status(person().person),
  }));
}
