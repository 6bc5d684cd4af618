//! The credential of a certificate as a file. In: the certificate and a form. Out: nothing, or a `Refusal`; the bytes are the service's, so that its signature holds.

import type { Api } from "@rerp/shared/api";
import { keep } from "@rerp/shared/file";
import { asked } from "../tests/call";
import type { Certificate } from "../tests/types";

/** With a proof inside, or as a VC-JWT. */
export type Form = "json" | "jwt";

const MEDIA = { json: "application/vc", jwt: "application/vc+jwt" } as const;
const ENDINGS = { json: "json", jwt: "jwt" } as const;

export async function download(api: Api, certificate: Certificate, form: Form): Promise<void> {
  const path = { token: certificate.verification_token };
  const text = await asked(() =>
    api.GET("/api/fte/certificates/verify/{token}/credential", {
      params: { path },
      headers: { accept: MEDIA[form] },
      parseAs: "text",
    }),
  );
  keep(`${certificate.certificate_number}.${ENDINGS[form]}`, new Blob([text], { type: MEDIA[form] }));
}
