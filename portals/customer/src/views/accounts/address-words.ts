//! Addresses, in words.

import type { Choice } from "@rerp/shared/ui";
import { countryName } from "./countries";
import type { Address } from "./queries";

export const TYPES: readonly Choice[] = [
  { value: "billing", label: "Invoices" },
  { value: "shipping", label: "Deliveries" },
  { value: "residential", label: "Where somebody lives" },
  { value: "registered", label: "Registered office" },
];

export function typeName(type: string): string {
  return TYPES.find(({ value }) => value === type)?.label ?? type;
}

/** What there is of an address, line by line. */
export function lines(address: Address): string[] {
  const town = [address.postal_code, address.city].filter(Boolean).join(" ");
  const country = address.country ? countryName(address.country) : "";
  return [address.street_address ?? "", town, address.state_province ?? "", country].filter(Boolean);
}
