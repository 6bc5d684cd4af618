//! Modules of tests, and how their questions do.

import type { TestSchemas } from "@rerp/shared/api";
import { every, Loaded, ROWS, taken, useApi } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { For, type JSX, Show } from "solid-js";
import { Fold } from "../../parts/Fold";
import { Offer } from "./Offer";
import { Statistics } from "./Statistics";

type Module = TestSchemas["Module"];

const TYPES: Readonly<Record<Module["test_type"], string>> = {
  module_quiz: "Questions",
  interactive_scenario: "Questions and a scenario",
  final_assessment: "Final assessment",
};

export default function Modules(): JSX.Element {
  const api = useApi();
  const load = () =>
    every<Module>((cursor) => taken(api.GET("/api/fte/modules", { params: { query: { limit: ROWS, ...cursor } } })));
  const query = useQuery(() => ({ queryKey: ["fte", "modules"], queryFn: load }));
  return (
    <Offer title="Modules">
      <Loaded query={query} what="modules">
        {(found) => (
          <Show when={found().items.length > 0} fallback={<p class="card">There are no modules.</p>}>
            <For each={found().items}>
              {(each) => (
                <Fold label={`${each.course}: ${each.title}${each.retired ? " (retired)" : ""}`}>
                  <Facts module={each} />
                  <Statistics code={each.code} />
                </Fold>
              )}
            </For>
          </Show>
        )}
      </Loaded>
    </Offer>
  );
}

function Facts(props: { readonly module: Module }): JSX.Element {
  const days = () => props.module.certificate_days;
  return (
    <dl class="facts">
      <dt>Code</dt>
      <dd>{props.module.code}</dd>
      <dt>Kind</dt>
      <dd>{TYPES[props.module.test_type]}</dd>
      <dt>Time</dt>
      <dd>{minutes(props.module.time_limit_s)}</dd>
      <dt>Passed with</dt>
      <dd>{props.module.pass_bp / 100} %</dd>
      <dt>Pause before the next attempt</dt>
      <dd>{minutes(props.module.retry_pause_s)}</dd>
      <Show when={props.module.test_type === "final_assessment"}>
        <dt>Certificate</dt>
        <dd>{days() === null ? "Without an end" : `${days()} days`}</dd>
      </Show>
    </dl>
  );
}

function minutes(seconds: number): string {
  return seconds === 0 ? "None" : `${Math.round(seconds / 6) / 10} minutes`;
}
