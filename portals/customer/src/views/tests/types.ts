//! Names for what the tests' service answers.

import type { TestSchemas } from "@rerp/shared/api";

export type Module = TestSchemas["Module"];
export type Progress = TestSchemas["Progress"];
export type Session = TestSchemas["TestSession"];
export type Question = TestSchemas["AskedQuestion"];
/** An answer, as it is sent and as it is answered. */
export type Given = TestSchemas["GivenAnswer"];
export type Certificate = TestSchemas["OwnCertificate"];
export type PublicCertificate = TestSchemas["Certificate"];
export type Scenario = TestSchemas["Scenario"];
export type Action = TestSchemas["Action"];
export type Outcome = TestSchemas["ActionOutcome"];
