export { Button, type ButtonProps, LinkButton, type Weight } from "./Button";
export { type Choice, Field, type FieldSpec } from "./Field";
export { Logo } from "./Logo";
export { Done, ProblemNotice } from "./Notice";
export { Trap } from "./Trap";
export { useWords, WordsProvider } from "./words";
