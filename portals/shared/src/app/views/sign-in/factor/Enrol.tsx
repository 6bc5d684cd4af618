//! Setting up an authenticator: its secret as a picture, as a link and as text, and the first code as proof that it works.

import { type JSX, Show } from "solid-js";
import { Page } from "../../../layout/Page";
import { CodeForm } from "./CodeForm";
import { Picture } from "./Picture";

export interface EnrolProps {
  /** `otpauth://…`: what programs read. */
  readonly uri: string;
  /** What people type. */
  readonly secret: string;
  readonly again: () => void;
}

export default function Enrol(props: EnrolProps): JSX.Element {
  const groups = () => props.secret.match(/.{1,4}/g)?.join(" ") ?? "";
  // Nothing else is a link, whoever has answered.
  const link = () => (props.uri.startsWith("otpauth://") ? props.uri : undefined);
  return (
    <Page title="Set up your authenticator">
      <p>
        Signing in here takes a second proof beside your password: a code of six digits from an authenticator. That is a
        program on your telephone, such as Aegis, 2FAS, Google Authenticator or a password manager, which works without
        a network. You set it up once.
      </p>
      <ol class="steps">
        <li>
          <p>Scan this picture with your authenticator:</p>
          <Picture text={props.uri} label="Picture for your authenticator; the key below says the same" />
        </li>
        <li>
          <p>
            If you can't scan it, type this key instead
            <Show when={link()}>
              {(uri) => (
                <>
                  , or, where your authenticator is on this device, <a href={uri()}>open it there</a>
                </>
              )}
            </Show>
            :
          </p>
          <p class="secret">
            <code>{groups()}</code>
          </p>
          <p class="hint">It is shown this once. Whoever has it has your codes: keep it to yourself.</p>
        </li>
        <li>
          <p>Type the code that your authenticator shows now.</p>
          <CodeForm again={props.again} />
        </li>
      </ol>
    </Page>
  );
}
