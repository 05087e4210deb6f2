/** The public door `daoflow`. */

export {
  ConfigError,
  ConnectorError,
  DaoFlowError,
  InvariantError,
  OperatorError,
  ShutdownError,
  TimeoutError,
  WorkerError,
  isDaoFlowError,
} from './errors/errors.ts';
export type { ErrorCode } from './errors/errors.ts';
