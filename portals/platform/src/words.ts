//! What staff are told of problems, where the words for customers would lead them astray.

import type { OwnWords } from "@rerp/shared/api";

export const WORDS: OwnWords = {
  "not-permitted": "You are not allowed to do this. An owner of the platform can give you the role for it.",
};
