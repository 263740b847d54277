import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import { PROBLEM_CONTENT_TYPE } from '../http/problem.ts';
import type { ApiNode } from './openapi.ts';
import { reference } from './openapi-schemas.ts';

export function jsonResponse(description: string, schema: ApiNode, contentType = 'application/json'): ApiNode {
  return { description, content: { [contentType]: { schema } } };
}

/** One response for each status that the codes have, naming them. */
export function problemResponses(codes: readonly ErrorCode[]): ApiNode {
  const codesByStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERRORS[code];
    codesByStatus.set(status, [...(codesByStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...codesByStatus].map(([status, same]) => [String(status), problemResponse(same)]));
}

function problemResponse(codes: readonly ErrorCode[]): ApiNode {
  const description = codes.map((code) => `${ERRORS[code].title} (\`${code}\`)`).join('. ');
  const schema = { allOf: [reference('Problem'), { properties: { code: { enum: codes } } }] };
  const isRetryable = codes.some((code) => ERRORS[code].isRetryable);
  const headers = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 1 } } };
  return { description, ...(isRetryable && { headers }), content: { [PROBLEM_CONTENT_TYPE]: { schema } } };
}
