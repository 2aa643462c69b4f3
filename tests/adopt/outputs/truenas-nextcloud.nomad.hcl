# Nomad counts processors in MHz: 2000 stand for a whole one.
job "ix-nextcloud" {
  datacenters = ["dc1"]
  type        = "service"

  group "permissions" {
    volume "ix-nextcloud-html" {
      type   = "host"
      source = "ix-nextcloud-html"
    }

    restart {
      attempts = 1
      interval = "30m"
      delay    = "15s"
      mode     = "fail"
    }

    task "permissions" {
      driver = "docker"
      user   = "0:0"

      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      config {
        image        = "bash:5.2"
        args         = ["chown", "-R", "33:33", "/mnt/permission/html"]
        network_mode = "none"
      }

      volume_mount {
        volume      = "ix-nextcloud-html"
        destination = "/mnt/permission/html"
      }

      resources {
        memory = 512
      }
    }
  }

  group "postgres" {
    network {
      mode = "bridge"

      port "http" {
        static = 30027
        to     = 80
      }
    }

    volume "ix-nextcloud-html" {
      type   = "host"
      source = "ix-nextcloud-html"
    }

    volume "nextcloud-data" {
      type   = "host"
      source = "ix-nextcloud-nextcloud-data"
    }

    volume "postgres-data" {
      type   = "host"
      source = "ix-nextcloud-postgres-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "postgres"
      provider     = "nomad"
      port         = "5432"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "5432"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "10s"
      }
    }

    service {
      name     = "nextcloud"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.nextcloud.rule=Host(`cloud.example.org`)",
      ]

      check {
        type     = "tcp"
        interval = "10s"
        timeout  = "5s"
      }
    }

    task "postgres" {
      driver = "docker"
      user   = "999:999"

      config {
        image = "postgres:13.16"
        extra_hosts = [
          "cron:127.0.0.1",
          "ix-nextcloud-cron-1:127.0.0.1",
          "ix-nextcloud-nextcloud-1:127.0.0.1",
          "ix-nextcloud-postgres-1:127.0.0.1",
          "nextcloud:127.0.0.1",
          "postgres:127.0.0.1",
        ]
        shm_size = 268435456
      }

      env {
        POSTGRES_DB   = "nextcloud"
        POSTGRES_USER = "nextcloud"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/ix-nextcloud/postgres/postgres" }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "postgres-data"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        memory = 512
      }
    }

    task "nextcloud" {
      driver = "docker"
      user   = "0:0"

      config {
        image = "nextcloud:29.0.7-apache"
        extra_hosts = [
          "cron:127.0.0.1",
          "ix-nextcloud-cron-1:127.0.0.1",
          "ix-nextcloud-nextcloud-1:127.0.0.1",
          "ix-nextcloud-postgres-1:127.0.0.1",
          "nextcloud:127.0.0.1",
          "postgres:127.0.0.1",
        ]
        cap_add = [
          "chown",
          "dac_override",
          "fowner",
          "net_bind_service",
          "net_raw",
          "setgid",
          "setuid",
        ]
        cap_drop     = ["all"]
        security_opt = ["no-new-privileges"]

        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        NEXTCLOUD_DATA_DIR        = "/var/www/html/data"
        NEXTCLOUD_TRUSTED_DOMAINS = "127.0.0.1 localhost nextcloud cloud.example.org"
        NVIDIA_VISIBLE_DEVICES    = "void"
        OVERWRITECLIURL           = "https://cloud.example.org"
        POSTGRES_HOST             = "postgres:5432"
        TZ                        = "America/Los_Angeles"
        UMASK                     = "002"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/ix-nextcloud/postgres/nextcloud" }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "ix-nextcloud-html"
        destination = "/var/www/html"
      }

      volume_mount {
        volume      = "nextcloud-data"
        destination = "/var/www/html/data"
      }

      resources {
        cpu    = 4000
        memory = 4096
      }
    }

    task "cron" {
      driver = "docker"
      user   = "0:0"

      config {
        image      = "nextcloud:29.0.7-apache"
        entrypoint = ["/cron.sh"]
        extra_hosts = [
          "cron:127.0.0.1",
          "ix-nextcloud-cron-1:127.0.0.1",
          "ix-nextcloud-nextcloud-1:127.0.0.1",
          "ix-nextcloud-postgres-1:127.0.0.1",
          "nextcloud:127.0.0.1",
          "postgres:127.0.0.1",
        ]
      }

      env {
        POSTGRES_HOST = "postgres:5432"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/ix-nextcloud/postgres/cron" }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "ix-nextcloud-html"
        destination = "/var/www/html"
      }

      volume_mount {
        volume      = "nextcloud-data"
        destination = "/var/www/html/data"
      }

      resources {
        memory = 512
      }
    }
  }
}
