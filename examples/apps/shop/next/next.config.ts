import type { NextConfig } from "next";

const config: NextConfig = {
  // A server of its own with just the modules that are used: all that the image needs.
  output: "standalone",
  poweredByHeader: false,
  // The proxy in front compresses.
  compress: false,
};

export default config;
