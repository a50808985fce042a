# docker buildx bake                                   both images, for this machine's engine
# VERSION=1.4.2 REGISTRY=registry.example.com docker buildx bake --push
# Run it in this directory: bake takes contexts relative to where it is started.

variable "REGISTRY" {
  default = "localhost"
}

variable "VERSION" {
  default = "development"
}

variable "GIT_COMMIT" {
  default = ""
}

variable "PYTHON_IMAGE" {
  default = "python:3.13-slim"
}

variable "NODE_IMAGE" {
  default = "node:20-slim"
}

variable "NGINX_IMAGE" {
  default = "nginx:1.30"
}

# The version, and the version with its commit when that is known.
function "tags" {
  params = [name]
  result = concat(
    ["${REGISTRY}/shop/${name}:${VERSION}"],
    GIT_COMMIT != "" ? ["${REGISTRY}/shop/${name}:${VERSION}-${substr(GIT_COMMIT, 0, min(12, strlen(GIT_COMMIT)))}"] : []
  )
}

group "default" {
  targets = ["backend", "frontend"]
}

target "backend" {
  context = "backend"
  args = {
    PYTHON_IMAGE = PYTHON_IMAGE
    APP_VERSION  = VERSION
    GIT_COMMIT   = GIT_COMMIT
  }
  tags = tags("backend")
}

target "frontend" {
  context = "frontend"
  args = {
    NODE_IMAGE       = NODE_IMAGE
    NGINX_IMAGE      = NGINX_IMAGE
    VITE_APP_VERSION = VERSION
    GIT_COMMIT       = GIT_COMMIT
  }
  tags = tags("frontend")
}
