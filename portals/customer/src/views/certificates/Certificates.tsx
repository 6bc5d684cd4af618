//! One's certificates.

import { Loaded, Page } from "@rerp/shared/app";
import { A } from "@solidjs/router";
import { For, type JSX, Show } from "solid-js";
import { day } from "../tests/figures";
import { useCertificates } from "./mine";
import { State } from "./State";
import "../tests/tests.css";

export default function Certificates(): JSX.Element {
  const query = useCertificates();
  return (
    <Page title="Certificates">
      <Loaded query={query} what="your certificates">
        {(found) => (
          <Show when={found().length > 0} fallback={<None />}>
            <ul class="certificates">
              <For each={found()}>
                {(certificate) => (
                  <li class="card certificate">
                    <h2>
                      <A href={`/certificates/${certificate.certificate_id}`}>{certificate.course}</A>
                    </h2>
                    <State certificate={certificate} />
                    <p class="hint">
                      {certificate.certificate_number}, issued {day(certificate.issued_at)}
                    </p>
                  </li>
                )}
              </For>
            </ul>
          </Show>
        )}
      </Loaded>
    </Page>
  );
}

function None(): JSX.Element {
  return (
    <p class="card">
      You have no certificate yet. It comes by itself once every test of a course is passed.{" "}
      <A href="/tests">See the tests</A>
    </p>
  );
}
