import { shower } from "../../shared/test/shown";
import { Platform } from "../src/Platform";

export * from "../../shared/test/shown";
/** Shows the view at an address. */
export const show = shower(() => <Platform />);
