export { createKeys, uuid } from "./key";
export { createProof, type Proof, solve } from "./proof";
export { createSubmission, type Phase, type Sending, type Submission, type Values } from "./submission";
