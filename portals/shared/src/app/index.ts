export { App, type AppProps } from "./App";
export {
  ApiProvider,
  attempt,
  createPersonalApi,
  createQueries,
  every,
  Failure,
  type Listed,
  orNone,
  problemIn,
  ROWS,
  taken,
  useApi,
} from "./api";
export { type Act, createAct } from "./layout/act";
export { type Asked, createAsked } from "./layout/asked";
export { Confirm } from "./layout/Confirm";
export { Form, type FormProps } from "./layout/Form";
export { Loaded } from "./layout/Loaded";
export { Page } from "./layout/Page";
export { Question } from "./layout/Question";
export { Sections } from "./layout/Sections";
export { When } from "./layout/When";
export { ask, createSession, type Session, SessionProvider, usePerson, useSession, type Who, wrong } from "./session";
export type { View } from "./views";
