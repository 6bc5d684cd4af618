//! What browsers run. In: the page's one place. Out: the portal in it.

import "@rerp/shared/styles.css";
import "@rerp/shared/app.css";
import { render } from "solid-js/web";
import { Platform } from "./Platform";

const place = document.getElementById("app");
if (place) {
  render(() => <Platform />, place);
}
