//! What the parts of an account's view load. `ACCOUNT` is the first word of every key, then the account.

import type { AccountSchemas } from "@rerp/shared/api";
import { every, type Listed, ROWS, taken, useApi } from "@rerp/shared/app";
import { type UseQueryResult, useQuery } from "@tanstack/solid-query";

export const ACCOUNT = "account";

export type Account = AccountSchemas["Account"];
export type Address = AccountSchemas["Address"];
export type Invite = AccountSchemas["Invite"];
export type Permissions = AccountSchemas["Permissions"];
export type RoleAssignment = AccountSchemas["RoleAssignment"];

export function useRoles(account: string): UseQueryResult<Listed<RoleAssignment>, Error> {
  const api = useApi();
  const load = () =>
    every<RoleAssignment>((cursor) => {
      const params = { path: { account_id: account }, query: { limit: ROWS, ...cursor } };
      return taken(api.GET("/api/accounts/{account_id}/roles", { params }));
    });
  return useQuery(() => ({ queryKey: [ACCOUNT, account, "roles"], queryFn: load }));
}

export function usePermissions(account: string, person: string): UseQueryResult<Permissions, Error> {
  const api = useApi();
  const load = () => {
    const params = { path: { account_id: account, human_name_id: person } };
    return taken(api.GET("/api/accounts/{account_id}/permissions/{human_name_id}", { params })) as Promise<Permissions>;
  };
  return useQuery(() => ({ queryKey: [ACCOUNT, account, "permissions", person], queryFn: load }));
}

export function useInvites(account: string): UseQueryResult<Listed<Invite>, Error> {
  const api = useApi();
  const load = () =>
    every<Invite>((cursor) => {
      const params = { path: { account_id: account }, query: { limit: ROWS, ...cursor } };
      return taken(api.GET("/api/accounts/{account_id}/invites", { params }));
    });
  return useQuery(() => ({ queryKey: [ACCOUNT, account, "invites"], queryFn: load }));
}

export function useAddresses(account: string): UseQueryResult<Listed<Address>, Error> {
  const api = useApi();
  const load = () =>
    every<Address>((cursor) => {
      const params = { path: { account_id: account }, query: { limit: ROWS, ...cursor } };
      return taken(api.GET("/api/accounts/{account_id}/addresses", { params }));
    });
  return useQuery(() => ({ queryKey: [ACCOUNT, account, "addresses"], queryFn: load }));
}
