import { shower } from "../../shared/test/shown";
import { Customer } from "../src/Customer";

export * from "../../shared/test/shown";
/** Shows the view at an address. */
export const show = shower(() => <Customer />);
