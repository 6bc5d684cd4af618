//! A certificate: what it is worth, the address at which everybody can check it, and the credential to take along.

import { Loaded, Page, useApi } from "@rerp/shared/app";
import { Button, ProblemNotice } from "@rerp/shared/ui";
import { A, useParams } from "@solidjs/router";
import { createSignal, createUniqueId, type JSX, Match, Show, Switch } from "solid-js";
import { problem, Refusal } from "../tests/call";
import type { Certificate } from "../tests/types";
import { download, type Form } from "./download";
import { useCertificates } from "./mine";
import { Facts, State } from "./State";
import "../tests/tests.css";

export default function CertificateView(): JSX.Element {
  const params = useParams<{ id: string }>();
  const query = useCertificates();
  return (
    <Page title="Certificate">
      <Loaded query={query} what="the certificate">
        {(all) => (
          <Show
            when={all().find((each) => each.certificate_id === params.id)}
            fallback={
              <p class="card">
                You have no such certificate. <A href="/certificates">See your certificates</A>
              </p>
            }
          >
            {(found) => <Detail certificate={found()} />}
          </Show>
        )}
      </Loaded>
    </Page>
  );
}

function Detail(props: { readonly certificate: Certificate }): JSX.Element {
  return (
    <>
      <section class="card stack" aria-labelledby="about">
        <h2 id="about">{props.certificate.course}</h2>
        <State certificate={props.certificate} />
        <Facts certificate={props.certificate} />
        <Switch>
          <Match when={props.certificate.state === "revoked"}>
            <p>It was taken back{props.certificate.revoked_reason ? `: ${props.certificate.revoked_reason}` : "."}</p>
          </Match>
          <Match when={props.certificate.state === "expired"}>
            <p>
              Pass the final assessment again for the next one. <A href="/tests">To the tests</A>
            </p>
          </Match>
        </Switch>
      </section>
      <Share token={props.certificate.verification_token} />
      <Credential certificate={props.certificate} />
    </>
  );
}

function Share(props: { readonly token: string }): JSX.Element {
  const id = createUniqueId();
  const [said, setSaid] = createSignal("");
  const path = () => `/certificates/verify/${props.token}`;
  let field: HTMLInputElement | undefined;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(field?.value ?? "");
      setSaid("Copied.");
    } catch {
      // Not every browser gives the clipboard to a page.
      field?.select();
      setSaid("Copy the marked address.");
    }
  };
  return (
    <section class="card stack" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Show it to others</h2>
      <p>
        Whoever has this address sees the course, the number and whether the certificate counts, and nothing about you.
      </p>
      <div class="field share">
        <label for={id}>Address</label>
        <input id={id} class="input" readonly value={location.origin + path()} ref={(element) => (field = element)} />
      </div>
      <div class="player-ways">
        <Button onClick={() => void copy()}>Copy the address</Button>
        <A href={path()}>See what others see</A>
      </div>
      <p role="status">{said()}</p>
    </section>
  );
}

function Credential(props: { readonly certificate: Certificate }): JSX.Element {
  const api = useApi();
  const id = createUniqueId();
  const [busy, setBusy] = createSignal<Form>();
  const [error, setError] = createSignal<unknown>();
  const isNone = () => {
    const failure = error();
    return failure instanceof Refusal && failure.status === 404;
  };
  const get = async (form: Form) => {
    if (busy()) {
      return;
    }
    setBusy(form);
    setError(undefined);
    try {
      await download(api, props.certificate, form);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(undefined);
    }
  };
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>Take it along</h2>
      <p>As an Open Badge (version 3), which wallets for credentials and checking programs read.</p>
      <div class="player-ways">
        <Button busy={busy() === "json"} onClick={() => void get("json")}>
          Download with a proof inside
        </Button>
        <Button busy={busy() === "jwt"} onClick={() => void get("jwt")}>
          Download as a JWT
        </Button>
      </div>
      <div class="notice-place" role="alert">
        <Show when={isNone()}>
          <p class="notice notice-wrong">
            Certificates aren't issued as credentials here. The address above proves this one.
          </p>
        </Show>
      </div>
      <ProblemNotice problem={isNone() ? undefined : problem(error())} />
    </section>
  );
}
