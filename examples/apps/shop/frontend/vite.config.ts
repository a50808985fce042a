import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  server: {
    host: true,
    port: 5173,
    strictPort: true,
    proxy: { "/api": { target: process.env.API_ORIGIN ?? "http://localhost:8000", ws: true } },
  },
  test: { environment: "happy-dom" },
});
