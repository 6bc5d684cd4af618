//! Who is in an account: their roles, given and taken, and who is invited.

import { useParams } from "@solidjs/router";
import { type JSX, Show } from "solid-js";
import { decided } from "./allowed";
import { Grant } from "./Grant";
import { Invites } from "./Invites";
import { usePermissions } from "./queries";
import { Roles } from "./Roles";
import { Within } from "./Within";

export default function People(): JSX.Element {
  const params = useParams();
  const id = () => params.account ?? "";
  const permissions = usePermissions(id);
  const manage = () => decided(permissions, "role.manage");
  const owners = () => decided(permissions, "owner.manage");
  const mayOwn = () => owners()?.allowed ?? false;
  return (
    <Within id={id()} title="People">
      {() => (
        <>
          <section class="stack" aria-labelledby="roles">
            <h2 id="roles">Who has which role</h2>
            <Roles account={id()} mayManage={manage()?.allowed ?? false} mayOwn={mayOwn()} />
            <Show when={owners()?.allowed === false && manage()?.allowed}>
              <p class="small">{owners()?.detail}</p>
            </Show>
          </section>
          <Show
            when={manage()?.allowed}
            fallback={<Show when={manage()}>{(why) => <p class="card">{why().detail}</p>}</Show>}
          >
            <Invites account={id()} mayOwn={mayOwn()} />
            <Grant account={id()} mayOwn={mayOwn()} />
          </Show>
        </>
      )}
    </Within>
  );
}
