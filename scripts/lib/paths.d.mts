export const ROOT: string;
export function at(...parts: string[]): string;
export function readJson(...parts: string[]): unknown;
export function doors(): string[];
export const PROGRAMS: Record<string, string>;
export function entries(): Record<string, string>;
