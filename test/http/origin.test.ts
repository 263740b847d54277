import { describe, expect, it } from 'vitest';
import { isOriginAllowed } from '../../src/http/origin.ts';

describe('isOriginAllowed', () => {
  it('allows clients that are no browsers, pages of this host and listed origins', () => {
    expect(isOriginAllowed('', 'shop:8080', [])).toBe(true);
    expect(isOriginAllowed('http://shop:8080', 'SHOP:8080', [])).toBe(true);
    expect(isOriginAllowed('https://kiosk.example', 'shop:8080', ['https://kiosk.example'])).toBe(true);
    expect(isOriginAllowed('https://anyone.example', 'shop:8080', ['*'])).toBe(true);
  });

  it('refuses other pages, other ports and what is no origin', () => {
    expect(isOriginAllowed('https://evil.example', 'shop:8080', ['https://kiosk.example'])).toBe(false);
    expect(isOriginAllowed('http://shop:9090', 'shop:8080', [])).toBe(false);
    expect(isOriginAllowed('null', 'shop:8080', [])).toBe(false);
  });
});
