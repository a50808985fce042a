import type { Metadata } from "next";
import type { ReactNode } from "react";

export const metadata: Metadata = { title: "The shop", description: "What is on sale, rendered on the server" };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
