/** The public door `daoflow/http`: events in by POST, events out by batched POST. */

export { http } from './connector/http/http.ts';
export type { HttpSinkOptions } from './connector/http/sink.ts';
export type { HttpSourceOptions } from './connector/http/settings.ts';
