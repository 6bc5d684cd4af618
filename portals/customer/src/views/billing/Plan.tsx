//! The plan of an account: the present one with all that can be done with it, what is offered beside it, and whether it is proved who pays.

import { Loaded } from "@rerp/shared/app";
import { useParams } from "@solidjs/router";
import { useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, Show } from "solid-js";
import { decided } from "../accounts/allowed";
import { type Account, usePermissions } from "../accounts/queries";
import { Around } from "./Around";
import { Current } from "./Current";
import { Kyc } from "./Kyc";
import { Offers } from "./Offers";
import { type Present, reload, usePlans, useSubscription } from "./queries";
import { isOver } from "./words";

/** How long it is looked whether Stripe has answered, in milliseconds. */
const PATIENCE = 60_000;

export default function PlanOfAccount(): JSX.Element {
  const params = useParams();
  const id = () => params.account ?? "";
  return (
    <Around id={id()} title="Plan">
      {(account) => <Whole account={account()} />}
    </Around>
  );
}

function Whole(props: { readonly account: Account }): JSX.Element {
  const queries = useQueryClient();
  const id = () => props.account.account_id;
  const [hurry, setHurry] = createSignal(Date.now() + PATIENCE);
  const query = useSubscription(id, hurry);
  const [secret, setSecret] = createSignal<string>();
  const look = () => setHurry(Date.now() + PATIENCE);
  const begun = (next: string | undefined) => {
    setSecret(next);
    look();
  };
  const paid = () => {
    begun(undefined);
    void reload(queries, id());
  };
  const plans = usePlans();
  const permissions = usePermissions(id);
  const refusal = () => {
    const found = decided(permissions, "billing.manage");
    return found && !found.allowed ? found.detail : undefined;
  };
  const living = (now: Present | null) => (now && !isOver(now.subscription.status) ? now : undefined);
  return (
    <Loaded query={query} what="the subscription">
      {(now) => (
        <>
          <Show
            when={now()}
            fallback={
              <p class="card">
                {props.account.plan_id
                  ? "This account has a plan that somebody else pays for. Who pays for it can change it."
                  : "This account has no plan that you pay for."}
              </p>
            }
          >
            {(kept) => <Current account={id()} now={kept()} plans={plans} look={look} secret={secret()} paid={paid} />}
          </Show>
          <Show when={living(now()) || !(props.account.plan_id && !now())}>
            <Offers account={id()} now={living(now())} plans={plans} refusal={refusal()} begun={begun} />
          </Show>
          <Kyc account={id()} />
        </>
      )}
    </Loaded>
  );
}
