//! Whether a certificate counts, for whoever was given its address: signed in or not, it is asked without saying who asks.

import { createApi } from "@rerp/shared/api";
import { createQueries, Failure, Loaded, Page } from "@rerp/shared/app";
import { useParams } from "@solidjs/router";
import { QueryClientProvider, useQuery } from "@tanstack/solid-query";
import { type JSX, onCleanup, Show } from "solid-js";
import { asked } from "../tests/call";
import type { PublicCertificate } from "../tests/types";
import { Facts, State } from "./State";
import "../tests/tests.css";

const WORDS = {
  valid: "This certificate is genuine and counts.",
  expired: "This certificate is genuine, and its time is over.",
  revoked: "This certificate was taken back, and doesn't count any more.",
} as const;

export default function Verify(): JSX.Element {
  const queries = createQueries();
  onCleanup(() => queries.clear());
  return (
    <QueryClientProvider client={queries}>
      <Page title="Check a certificate">
        <Answer />
      </Page>
    </QueryClientProvider>
  );
}

function Answer(): JSX.Element {
  const params = useParams<{ token: string }>();
  const api = createApi();
  /** Null: nobody has been given this. */
  const verify = async (token: string): Promise<PublicCertificate | null> => {
    try {
      return await asked(() => api.GET("/api/fte/certificates/verify/{token}", { params: { path: { token } } }));
    } catch (error) {
      if (error instanceof Failure && error.status === 404) {
        return null;
      }
      throw error;
    }
  };
  const query = useQuery(() => ({
    queryKey: ["fte", "verify", params.token],
    queryFn: () => verify(params.token),
    staleTime: 0,
  }));
  return (
    <Loaded query={query} what="the certificate">
      {(found) => (
        <Show
          when={found()}
          fallback={<p class="card">There is no certificate at this address. Was all of it copied?</p>}
        >
          {(certificate) => (
            <section class="card stack" aria-label="Certificate">
              <State certificate={certificate()} />
              <p>{WORDS[certificate().state]}</p>
              <Facts certificate={certificate()} />
            </section>
          )}
        </Show>
      )}
    </Loaded>
  );
}
