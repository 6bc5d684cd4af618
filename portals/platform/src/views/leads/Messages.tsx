//! What visitors wrote, page by page.

import type { MarketingSchemas } from "@rerp/shared/api";
import { taken, useApi, When } from "@rerp/shared/app";
import { For, type JSX } from "solid-js";
import { Paged, type PageOf, ROWS } from "../../parts/Paged";
import { LEADS, Reasoned } from "./Leads";

type Message = MarketingSchemas["Message"];

export default function Messages(): JSX.Element {
  return <Reasoned title="Messages">{(reason) => <List reason={reason} />}</Reasoned>;
}

function List(props: { readonly reason: () => string }): JSX.Element {
  const api = useApi();
  return (
    <Paged<Message>
      name={[LEADS, "messages"]}
      what="messages"
      none="Nobody has written."
      load={(cursor) => {
        const query = { reason: props.reason(), limit: ROWS, ...cursor };
        return taken(api.GET("/api/marketing/messages", { params: { query } })) as Promise<PageOf<Message>>;
      }}
    >
      {(items) => (
        <ul class="records">
          <For each={items()}>
            {(each) => (
              <li class="card record">
                <div>
                  <p>
                    <strong>{each.name}</strong>, <When at={each.created_at} />
                  </p>
                  <p class="written">{each.message}</p>
                  <p class="small">
                    Address {each.email_address_id ?? "waits for Identity"}, company {each.company_id ?? "not named"}
                  </p>
                </div>
              </li>
            )}
          </For>
        </ul>
      )}
    </Paged>
  );
}
