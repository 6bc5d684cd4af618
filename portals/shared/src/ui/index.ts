export { Button, type ButtonProps, LinkButton, type Weight } from "./Button";
export { Field, type FieldSpec } from "./Field";
export { Done, ProblemNotice } from "./Notice";
export { Trap } from "./Trap";
