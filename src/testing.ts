/** The public door `daoflow/testing`: run a flow in virtual time. */

export { VirtualScheduler } from './testing/virtual-scheduler.ts';
