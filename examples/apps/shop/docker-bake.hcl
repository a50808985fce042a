# docker buildx bake                                   both images, for this machine's engine
# VERSION=1.4.2 REGISTRY=registry.example.com docker buildx bake --push
# docker buildx bake edge tests vite next               what some of examples/stacks have besides
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

# The tests of the backend, for an environment that runs them.
target "tests" {
  inherits = ["backend"]
  target   = "test"
  tags     = tags("tests")
}

# The frontend inside the image of an edge.
target "edge" {
  inherits = ["frontend"]
  target   = "edge"
  tags     = tags("edge")
}

# The frontend's development server.
target "vite" {
  inherits = ["frontend"]
  target   = "development"
  tags     = tags("vite")
}

# Another frontend, rendered by Next.js.
target "next" {
  context = "next"
  args = {
    NODE_IMAGE  = NODE_IMAGE
    APP_VERSION = VERSION
    GIT_COMMIT  = GIT_COMMIT
  }
  tags = tags("next")
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
