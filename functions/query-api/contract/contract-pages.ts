import { apiMarkdown } from "./api-markdown.ts";
import { docsPage } from "./docs-page.ts";
import { openApiDocument } from "./openapi.ts";
import type { Page } from "./pages.ts";

/** The contract in three tongues. */
export const contractPages: readonly Page[] = [
  {
    path: "/openapi.json",
    summary: "The contract as OpenAPI 3.1.",
    contentType: "application/json",
    text: (routes, version) => JSON.stringify(openApiDocument(routes, version)),
  },
  {
    path: "/docs",
    summary: "The contract as a page to read.",
    contentType: "text/html; charset=utf-8",
    text: docsPage,
  },
  {
    path: "/llms.txt",
    summary: "The contract as plain Markdown.",
    contentType: "text/plain; charset=utf-8",
    text: (routes) => apiMarkdown(routes, contractPages),
  },
];
