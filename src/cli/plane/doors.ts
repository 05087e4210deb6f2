import { doorNames } from '../package-info.ts';

/**
 * All public doors of this package by specifier. The package refers to itself by name, so these are
 * the very modules that its users import. Small: clients of brokers are loaded by the connector that needs them.
 */
export async function doors(): Promise<Record<string, unknown>> {
  const names = doorNames();
  const modules = await Promise.all(names.map((name) => import(name) as Promise<unknown>));
  return Object.fromEntries(names.map((name, i) => [name, modules[i]]));
}
