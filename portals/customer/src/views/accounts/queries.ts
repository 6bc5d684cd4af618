//! What views of accounts load, each asked once for all of them.

import type { AccountSchemas } from "@rerp/shared/api";
import { every, type Listed, ROWS, taken, useApi, usePerson } from "@rerp/shared/app";
import { type UseQueryResult, useQuery } from "@tanstack/solid-query";

export type Account = AccountSchemas["Account"];
export type Address = AccountSchemas["Address"];
export type Company = AccountSchemas["Company"];
export type Invite = AccountSchemas["Invite"];
export type ListedAccount = AccountSchemas["ListedAccount"];
export type Permission = AccountSchemas["Permission"];
export type RoleAssignment = AccountSchemas["RoleAssignment"];

interface Pages<T> {
  items: T[];
  next_cursor?: string | null;
}

/** The first of every key here. */
export const ACCOUNTS = "accounts";

export function useAccounts(): UseQueryResult<Listed<ListedAccount>, Error> {
  const api = useApi();
  const person = usePerson();
  const load = () =>
    every<ListedAccount>(
      (cursor) =>
        taken(api.GET("/api/accounts", { params: { query: { limit: ROWS, ...cursor } } })) as Promise<
          Pages<ListedAccount>
        >,
    );
  return useQuery(() => ({ queryKey: [ACCOUNTS, "mine", person().person], queryFn: load }));
}

export function useAccount(id: () => string): UseQueryResult<Account, Error> {
  const api = useApi();
  const load = async (account_id: string) =>
    (await taken(api.GET("/api/accounts/{account_id}", { params: { path: { account_id } } }))) as Account;
  return useQuery(() => ({ queryKey: [ACCOUNTS, "one", id()], queryFn: () => load(id()) }));
}

/** A company by identifier; none is asked for where there is none. */
export function useCompany(id: () => string | null | undefined): UseQueryResult<Company, Error> {
  const api = useApi();
  const load = async (id_or_name: string) =>
    (await taken(api.GET("/api/accounts/companies/{id_or_name}", { params: { path: { id_or_name } } }))) as Company;
  return useQuery(() => ({ queryKey: ["companies", id()], queryFn: () => load(id() ?? ""), enabled: Boolean(id()) }));
}

/** What whoever is signed in may do in an account, and why. */
export function usePermissions(id: () => string): UseQueryResult<readonly Permission[], Error> {
  const api = useApi();
  const person = usePerson();
  const load = async (account_id: string, human_name_id: string): Promise<readonly Permission[]> => {
    const params = { path: { account_id, human_name_id } };
    const found = await taken(api.GET("/api/accounts/{account_id}/permissions/{human_name_id}", { params }));
    return (found as AccountSchemas["Permissions"]).permissions;
  };
  return useQuery(() => ({
    queryKey: [ACCOUNTS, "permissions", id(), person().person],
    queryFn: () => load(id(), person().person),
  }));
}

export function useRoles(id: () => string): UseQueryResult<Listed<RoleAssignment>, Error> {
  const api = useApi();
  const load = (account_id: string) =>
    every<RoleAssignment>(
      (cursor) =>
        taken(
          api.GET("/api/accounts/{account_id}/roles", {
            params: { path: { account_id }, query: { limit: ROWS, ...cursor } },
          }),
        ) as Promise<Pages<RoleAssignment>>,
    );
  return useQuery(() => ({ queryKey: [ACCOUNTS, "roles", id()], queryFn: () => load(id()) }));
}

export function useInvites(id: () => string): UseQueryResult<Listed<Invite>, Error> {
  const api = useApi();
  const load = (account_id: string) =>
    every<Invite>(
      (cursor) =>
        taken(
          api.GET("/api/accounts/{account_id}/invites", {
            params: { path: { account_id }, query: { limit: ROWS, ...cursor } },
          }),
        ) as Promise<Pages<Invite>>,
    );
  return useQuery(() => ({ queryKey: [ACCOUNTS, "invites", id()], queryFn: () => load(id()) }));
}

export function useAddresses(id: () => string): UseQueryResult<Listed<Address>, Error> {
  const api = useApi();
  const load = (account_id: string) =>
    every<Address>(
      (cursor) =>
        taken(
          api.GET("/api/accounts/{account_id}/addresses", {
            params: { path: { account_id }, query: { limit: ROWS, ...cursor } },
          }),
        ) as Promise<Pages<Address>>,
    );
  return useQuery(() => ({ queryKey: [ACCOUNTS, "addresses", id()], queryFn: () => load(id()) }));
}
