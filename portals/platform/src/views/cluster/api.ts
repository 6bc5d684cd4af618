//! The cluster, as the portal's program shows it (`docs/portals.md`, "The cluster"). In: the API of whoever is signed in, which brings their token. Out: objects as
//! Kubernetes has them, as far as views look at them.

import { taken, useApi } from "@rerp/shared/app";

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface Stored<S = object> {
  readonly metadata: { readonly name: string; readonly generation: number; readonly creationTimestamp: string };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: S & { readonly conditions?: readonly Condition[] };
}

export interface ServiceStatus {
  readonly replicas?: number;
  readonly availableReplicas?: number;
  readonly certificate?: { readonly notAfter: string };
}

export interface Switched {
  readonly writePauseMs?: number;
  readonly longestWaitMs?: number;
  readonly attempts?: number;
  readonly at?: string;
}

export interface MigrationStatus {
  readonly phase?: string;
  readonly epoch?: number;
  readonly copy?: { readonly bytes: number; readonly totalBytes: number; readonly etaSeconds?: number };
  readonly replication?: { readonly lagBytes?: number };
  /** The operator writes its numbers together. `coverage`: the share of rows that were compared, 0 to 1. */
  readonly verification?: { readonly rows: number; readonly mismatches: number; readonly coverage: number };
  readonly cutover?: Switched;
  readonly rollback?: {
    readonly possible: boolean;
    readonly possibleUntil?: string;
    readonly reason?: string;
    readonly replication?: { readonly lagBytes?: number };
    readonly last?: Switched;
  };
}

export type Service = Stored<ServiceStatus>;
export type Database = Stored<{ readonly certificate?: { readonly notAfter: string } }>;
export type Migration = Stored<MigrationStatus>;

/** Objects of a kind. `more`: there are more than the program tells. */
export interface Told<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

export interface Rights {
  readonly role: string;
  readonly migrations: { readonly list: boolean; readonly patch: boolean };
}

/** To the source again, or to the target again. */
export type Way = "rollback" | "forward";

/** The documents of services don't describe the program's own routes. */
interface Routes {
  GET(path: string, init?: object): Promise<{ data?: unknown; error?: unknown; response: Response }>;
  POST(path: string, init?: object): Promise<{ data?: unknown; error?: unknown; response: Response }>;
}

export interface ClusterApi {
  services(): Promise<Told<Service>>;
  databases(): Promise<Told<Database>>;
  migrations(): Promise<Told<Migration>>;
  rights(): Promise<Rights>;
  /** Asks the operator to let the data change hands, of exactly what somebody has seen. */
  turn(name: string, way: Way, epoch: number, generation: number): Promise<Migration>;
}

export function useCluster(): ClusterApi {
  const api = useApi() as unknown as Routes;
  const get = async <T>(path: string) => (await taken(api.GET(path))) as T;
  return {
    services: () => get("/cluster/services"),
    databases: () => get("/cluster/databases"),
    migrations: () => get("/cluster/migrations"),
    rights: () => get("/cluster/rights"),
    turn: async (name, way, epoch, generation) => {
      const body = { epoch, generation };
      return (await taken(api.POST(`/cluster/migrations/${encodeURIComponent(name)}/${way}`, { body }))) as Migration;
    },
  };
}
