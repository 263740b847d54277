/** A module that does not come to its topology. */
export const topology = brew();

function brew(): never {
  throw new Error('no coffee today');
}
