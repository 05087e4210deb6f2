/** Outputs of the match operator, in order. */
export const MATCH_PORTS: readonly string[] = ['main', 'timeouts', 'late', 'shed'];
