//! How the questions of a module do, page by page.

import type { TestSchemas } from "@rerp/shared/api";
import { taken, useApi } from "@rerp/shared/app";
import { For, type JSX } from "solid-js";
import { Paged, type PageOf, ROWS } from "../../parts/Paged";
import { Table } from "../../parts/Table";

type Question = TestSchemas["QuestionStatistics"];

const COLUMNS = ["Question", "Version", "Asked", "Answered", "Right", "Right of asked", "Tells apart"];

export function Statistics(props: { readonly code: string }): JSX.Element {
  const api = useApi();
  return (
    <>
      <p class="small">
        “Tells apart” goes from −1 to 1: around zero or below, a question tells nothing of what people know, or has the
        wrong key.
      </p>
      <Paged<Question>
        name={["fte", "statistics", props.code]}
        what="statistics"
        none="This module has no questions."
        load={(cursor) => {
          const params = { path: { code: props.code }, query: { limit: ROWS, ...cursor } };
          return taken(api.GET("/api/fte/modules/{code}/statistics", { params })) as Promise<PageOf<Question>>;
        }}
      >
        {(items) => (
          <Table label={`Questions of ${props.code}`} columns={COLUMNS}>
            <For each={items()}>
              {(each) => (
                <tr>
                  <th scope="row">{each.question_id}</th>
                  <td class="number">{each.version}</td>
                  <td class="number">{each.asked}</td>
                  <td class="number">{each.answered}</td>
                  <td class="number">{each.correct}</td>
                  <td class="number">{each.correct_bp === null ? "Not known" : `${each.correct_bp / 100} %`}</td>
                  <td class="number">
                    {each.discrimination_pm === null ? "Not known" : each.discrimination_pm / 1000}
                  </td>
                </tr>
              )}
            </For>
          </Table>
        )}
      </Paged>
    </>
  );
}
