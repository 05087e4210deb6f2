/** The public door `daoflow/testing`: run a flow in virtual time. */

export { virtualFlow, virtualHost } from './testing/virtual-host.ts';
export type { VirtualHost, VirtualHostOptions } from './testing/virtual-host.ts';
export { VirtualScheduler } from './testing/virtual-scheduler.ts';
