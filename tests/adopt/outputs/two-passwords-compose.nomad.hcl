job "two-passwords" {
  datacenters = ["dc1"]
  type        = "service"

  group "two-passwords" {
    network {
      mode = "bridge"
    }

    task "webserver" {
      driver = "docker"

      config {
        image       = "a/web:1"
        args        = ["serve", "--password", "${X_PASSWORD}", "--other=${WEBSERVER_X_PASSWORD}"]
        extra_hosts = ["db:127.0.0.1", "webserver:127.0.0.1"]
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/two-passwords/two-passwords/webserver" }}
WEBSERVER_X_PASSWORD={{ .WEBSERVER_X_PASSWORD.Value | toJSON }}
X_PASSWORD={{ .X_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }

    task "db" {
      driver = "docker"

      config {
        image       = "a/db:1"
        args        = ["run", "--token", "${DB_TOKEN}", "-p", "${DB_X_PASSWORD}"]
        extra_hosts = ["db:127.0.0.1", "webserver:127.0.0.1"]
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/two-passwords/two-passwords/db" }}
DB_TOKEN={{ .DB_TOKEN.Value | toJSON }}
DB_X_PASSWORD={{ .DB_X_PASSWORD.Value | toJSON }}
X_PASSWORD={{ .X_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }
  }
}
