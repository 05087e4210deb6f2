import type { Step } from './model/pattern.ts';

/** A step for events of its name. */
export const step = (link: Step['link'], name: string, more: object = {}): Step => ({
  link,
  name,
  where: { cmp: [{ field: 'name' }, '==', name] },
  ...more,
});
