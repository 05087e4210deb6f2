/** Exact in a double up to 1e22, so an integer below 2^53 divided by one of them is correctly rounded. */
export const POWERS_OF_TEN: Float64Array = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
