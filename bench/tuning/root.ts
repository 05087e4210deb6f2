import { fileURLToPath } from 'node:url';

/** The checkout, seen from .build/bench. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url));
