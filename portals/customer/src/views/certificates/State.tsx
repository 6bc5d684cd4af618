//! What a certificate is worth now, and its days.

import { type JSX, Show } from "solid-js";
import { day } from "../tests/figures";
import type { PublicCertificate } from "../tests/types";

const WORDS = { valid: "Valid", expired: "Expired", revoked: "Revoked" } as const;

export function State(props: { readonly certificate: PublicCertificate }): JSX.Element {
  return (
    <span class="certificate-state" data-is={props.certificate.state}>
      {WORDS[props.certificate.state]}
    </span>
  );
}

export function Facts(props: { readonly certificate: PublicCertificate }): JSX.Element {
  return (
    <dl class="figures">
      <div>
        <dt>Course</dt>
        <dd>{props.certificate.course}</dd>
      </div>
      <div>
        <dt>Number</dt>
        <dd>{props.certificate.certificate_number}</dd>
      </div>
      <div>
        <dt>Issued</dt>
        <dd>{day(props.certificate.issued_at)}</dd>
      </div>
      <div>
        <dt>{props.certificate.state === "expired" ? "Expired" : "Valid until"}</dt>
        <dd>{props.certificate.expires_at ? day(props.certificate.expires_at) : "No end"}</dd>
      </div>
      <Show when={props.certificate.revoked_at}>
        {(at) => (
          <div>
            <dt>Revoked</dt>
            <dd>{day(at())}</dd>
          </div>
        )}
      </Show>
    </dl>
  );
}
