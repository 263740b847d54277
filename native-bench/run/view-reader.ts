/** One row of a view as `GET /v1/views/{view}` gives it. */
export interface ViewRow {
  key: string;
  value: unknown;
}

interface ViewPage {
  rows: ViewRow[];
  cursor?: string | null;
}

const PAGE_ROWS = 1000;

/** All rows of a view, page by page; `isWhole` is checked by the caller against what it knows. */
export async function readView(url: string, view: string, each: (row: ViewRow) => void): Promise<number> {
  let cursor: string | null | undefined;
  let count = 0;
  do {
    const query = cursor ? `cursor=${encodeURIComponent(cursor)}` : '';
    const response = await fetch(`${url}/v1/views/${view}?limit=${PAGE_ROWS}&${query}`);
    if (!response.ok) throw new Error(`view=${view} status=${response.status} ${await response.text()}`);
    const page = (await response.json()) as ViewPage;
    for (const row of page.rows) each(row);
    count += page.rows.length;
    cursor = page.cursor;
  } while (cursor);
  return count;
}
