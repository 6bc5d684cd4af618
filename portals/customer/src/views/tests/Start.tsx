//! Begins a test, or goes on with the one that runs: there is one of each module at a time. What stands in the way is said here, with the way to what mends it.

import { useApi, usePerson } from "@rerp/shared/app";
import { createKeys } from "@rerp/shared/form";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { A, useNavigate } from "@solidjs/router";
import { createSignal, type JSX, Show } from "solid-js";
import { reason, running } from "./admission";
import { asked, problem } from "./call";
import type { Module } from "./types";

export interface StartProps {
  readonly module: Module;
  readonly account: string | undefined;
  /** It was passed before. */
  readonly again: boolean;
}

export function Start(props: StartProps): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const navigate = useNavigate();
  const [isBusy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>();
  // One for each session: what is asked for again after a lost answer is the same one, and the next test is another.
  let keyOf = createKeys();

  const start = async (account: string) => {
    const body = { human_name_id: person().person, account_id: account, module: props.module.code };
    const headers = { "Idempotency-Key": keyOf(body) };
    const session = await asked(
      () => api.POST("/api/fte/sessions", { body, params: { header: headers } }),
      ({ started_at }) => started_at,
    );
    keyOf = createKeys();
    return session.session_id;
  };
  const press = async () => {
    const account = props.account;
    if (isBusy() || !account) {
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      navigate(`/tests/sessions/${await start(account)}`);
    } catch (failure) {
      const id = running(failure);
      if (id) {
        navigate(`/tests/sessions/${id}`);
      }
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Show when={props.account}>
        <Button busy={isBusy()} onClick={() => void press()}>
          {isBusy() ? "Opening …" : props.again ? "Take it again" : "Begin or go on"}
          <span class="visually-hidden">: {props.module.title}</span>
        </Button>
      </Show>
      <Refused error={error()} />
    </>
  );
}

/** Why it can't be begun. */
export function Refused(props: { readonly error: unknown }): JSX.Element {
  const why = () => reason(props.error);
  return (
    <>
      <div class="notice-place tests-refused" role="alert">
        <Show when={why()}>
          {(found) => (
            <div class="notice notice-wrong">
              <p>{found().text}</p>
              <Show when={found().way}>{(way) => <A href={way().href}>{way().label}</A>}</Show>
            </div>
          )}
        </Show>
      </div>
      <ProblemNotice problem={why() ? undefined : problem(props.error)} />
    </>
  );
}
