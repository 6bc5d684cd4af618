//! What somebody is called, and how they are reached.

import { Failure, Loaded, taken, useApi, usePerson } from "@rerp/shared/app";
import { useQuery, useQueryClient } from "@tanstack/solid-query";
import { createSignal, type JSX, Show } from "solid-js";
import { Contacts } from "./Contacts";
import { Me } from "./Me";
import { type Human, Names } from "./Names";

export default function Profile(): JSX.Element {
  const api = useApi();
  const person = usePerson();
  const queries = useQueryClient();
  const key = () => ["identity", "human", person().person];
  const [isSaved, setSaved] = createSignal(false);
  const human = async (human_name_id: string): Promise<Human | null> => {
    try {
      return (await taken(
        api.GET("/api/identity/user/{human_name_id}", { params: { path: { human_name_id } } }),
      )) as Human;
    } catch (error) {
      if (error instanceof Failure && error.status === 404) {
        return null;
      }
      throw error;
    }
  };
  const query = useQuery(() => ({ queryKey: key(), queryFn: () => human(person().person) }));
  const reload = () => queries.invalidateQueries({ queryKey: key() });
  return (
    <Me title="You">
      <Loaded query={query} what="your name">
        {(found) => (
          <Show when={found()} fallback={<p class="card">You can sign in, and we don't know you as a customer yet.</p>}>
            {(known) => (
              <>
                <section class="stack" aria-labelledby="names">
                  <h2 id="names">What you are called</h2>
                  <Names
                    human={known()}
                    reload={reload}
                    saved={() => {
                      setSaved(true);
                      void reload();
                    }}
                  />
                  <p role="status">{isSaved() ? "Your name is saved." : ""}</p>
                </section>
                <Contacts />
                <p class="small">Your number, for whoever is to give you a role: {known().human_name_id}</p>
              </>
            )}
          </Show>
        )}
      </Loaded>
    </Me>
  );
}
