import { Type } from 'typebox';

/** The order that all measurements are made with: 258 bytes of JSON. */
export const CANONICAL_ORDER =
  '{"orderId":"ord_01HZX8","customerId":"c-4821","storeId":"kiosk-7","placedAt":1763600000000,"items":[{"sku":"flat-white","qty":1,"priceCents":420,"options":["oat"]},{"sku":"croissant","qty":2,"priceCents":310,"options":[]}],"totalCents":1040,"currency":"EUR"}';

export const CANONICAL_SCHEMA = Type.Object({
  orderId: Type.String(),
  customerId: Type.String(),
  storeId: Type.String(),
  placedAt: Type.Integer(),
  items: Type.Array(
    Type.Object({
      sku: Type.String(),
      qty: Type.Integer(),
      priceCents: Type.Integer(),
      options: Type.Array(Type.String()),
    }),
  ),
  totalCents: Type.Integer(),
  currency: Type.String(),
});

/** Bytes in the middle of a larger memory, as decoders meet them: before and after them stands something else. */
export function embedded(body: string | Uint8Array): { bytes: Buffer; start: number; end: number } {
  const content = Buffer.from(body as string);
  const bytes = Buffer.from(new SharedArrayBuffer(content.length + 24)).fill('x":1}');
  bytes.set(content, 8);
  return { bytes, start: 8, end: 8 + content.length };
}
