/**
 * typebox, which describes values and checks them, as one file: it is seven hundred modules, which every thread would
 * load in 133 ms. The build puts them into this one, which takes 12 ms.
 */
export { IsSchema, type Static, type TSchema, Type } from 'typebox';
export { Compile } from 'typebox/compile';
export { Check } from 'typebox/value';
