/** A module without a topology. */
export const drink = 'coffee';
