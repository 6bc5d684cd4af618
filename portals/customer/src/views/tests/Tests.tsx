//! What can be learned: courses with their modules, how far somebody has come, and what a certificate takes.

import { Loaded, Page, useApi, usePerson } from "@rerp/shared/app";
import { useQuery } from "@tanstack/solid-query";
import { For, type JSX, Show } from "solid-js";
import { useAccounts } from "./accounts";
import { CourseCard } from "./CourseCard";
import { asked } from "./call";
import { courses } from "./courses";
import { ForAccount } from "./ForAccount";
import type { Module } from "./types";
import "./tests.css";

/** Pages at most, of 200 modules each. */
const MOST_PAGES = 10;

export default function Tests(): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const modules = async () => {
    const found: Module[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = cursor ? { cursor, limit: 200 } : { limit: 200 };
      const { items, next_cursor } = await asked(() => api.GET("/api/fte/modules", { params: { query } }));
      found.push(...items);
      if (!next_cursor) {
        break;
      }
      cursor = next_cursor;
    }
    return found;
  };
  const progress = async (human_name_id: string) => {
    const params = { path: { human_name_id } };
    return (await asked(() => api.GET("/api/fte/progress/{human_name_id}", { params }))).courses;
  };
  const query = useQuery(() => ({
    queryKey: ["fte", "courses", person().person],
    queryFn: async () => {
      const [all, mine] = await Promise.all([modules(), progress(person().person)]);
      return courses(all, mine);
    },
  }));
  const accounts = useAccounts();
  return (
    <Page title="Tests">
      <Loaded query={query} what="the tests">
        {(found) => (
          <Show when={found().length > 0} fallback={<p class="card">There are no tests yet.</p>}>
            <Loaded query={accounts} what="your accounts">
              {(mine) => (
                <ForAccount accounts={mine()}>{(account) => <All courses={found()} account={account()} />}</ForAccount>
              )}
            </Loaded>
          </Show>
        )}
      </Loaded>
    </Page>
  );
}

function All(props: {
  readonly courses: ReturnType<typeof courses>;
  readonly account: string | undefined;
}): JSX.Element {
  return <For each={props.courses}>{(course) => <CourseCard course={course} account={props.account} />}</For>;
}
