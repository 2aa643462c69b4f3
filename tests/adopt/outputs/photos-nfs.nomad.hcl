job "photos" {
  datacenters = ["dc1"]
  type        = "service"

  group "files" {
    network {
      mode = "bridge"

      port "http" {
        static = 8081
        to     = 80
      }

      port "photoprism_http" {
        static = 2342
        to     = 2342
      }
    }

    volume "files-database-db" {
      type   = "host"
      source = "photos-files-database-db"
    }

    volume "mariadb-mysql" {
      type   = "host"
      source = "photos-mariadb-mysql"
    }

    volume "storage" {
      type   = "host"
      source = "photos-storage"
    }

    volume "thumbs-win" {
      type   = "host"
      source = "photos-thumbs-win"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "files"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "10s"
      }
    }

    service {
      name         = "mariadb"
      provider     = "nomad"
      port         = "3306"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "3306"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "10s"
      }
    }

    service {
      name     = "photoprism"
      provider = "nomad"
      port     = "photoprism_http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.photoprism.rule=Host(`photos.example.org`)",
      ]

      check {
        type     = "http"
        path     = "/api/v1/status"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "files" {
      driver = "docker"

      config {
        image = "filebrowser/filebrowser:v2.31.2"
        extra_hosts = [
          "files:127.0.0.1",
          "mariadb:127.0.0.1",
          "photoprism:127.0.0.1",
          "photos-a-1:127.0.0.1",
          "photos-b-1:127.0.0.1",
          "photos-c-1:127.0.0.1",
          "photos-mariadb-1:127.0.0.1",
          "thumbs:127.0.0.1",
        ]

        mount {
          type   = "volume"
          source = "nfs-nas-lan-volume1-photo"
          target = "/srv"

          volume_options {
            driver_config {
              name = "local"

              options {
                type   = "nfs"
                o      = "addr=nas.lan,rw"
                device = ":/volume1/photo"
              }
            }
          }
        }
      }

      volume_mount {
        volume      = "files-database-db"
        destination = "/database.db"
      }

      resources {
        memory = 512
      }
    }

    task "mariadb" {
      driver = "docker"

      config {
        image = "mariadb:11"
        args  = ["--innodb-buffer-pool-size=512M", "--transaction-isolation=READ-COMMITTED"]
        extra_hosts = [
          "files:127.0.0.1",
          "mariadb:127.0.0.1",
          "photoprism:127.0.0.1",
          "photos-a-1:127.0.0.1",
          "photos-b-1:127.0.0.1",
          "photos-c-1:127.0.0.1",
          "photos-mariadb-1:127.0.0.1",
          "thumbs:127.0.0.1",
        ]
      }

      env {
        MARIADB_AUTO_UPGRADE = "1"
        MARIADB_DATABASE     = "photoprism"
        MARIADB_USER         = "photoprism"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/photos/files/mariadb" }}
MARIADB_PASSWORD={{ .MARIADB_PASSWORD.Value | toJSON }}
MARIADB_ROOT_PASSWORD={{ .MARIADB_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "mariadb-mysql"
        destination = "/var/lib/mysql"
      }

      resources {
        memory = 512
      }
    }

    task "photoprism" {
      driver = "docker"

      config {
        image = "photoprism/photoprism:240711"
        extra_hosts = [
          "files:127.0.0.1",
          "mariadb:127.0.0.1",
          "photoprism:127.0.0.1",
          "photos-a-1:127.0.0.1",
          "photos-b-1:127.0.0.1",
          "photos-c-1:127.0.0.1",
          "photos-mariadb-1:127.0.0.1",
          "thumbs:127.0.0.1",
        ]
        security_opt = ["seccomp=unconfined", "apparmor=unconfined"]

        mount {
          type   = "volume"
          source = "nfs-nas-lan-volume1-photo"
          target = "/photoprism/originals"

          volume_options {
            driver_config {
              name = "local"

              options {
                type   = "nfs"
                o      = "addr=nas.lan,rw"
                device = ":/volume1/photo"
              }
            }
          }
        }
      }

      env {
        PHOTOPRISM_DATABASE_DRIVER = "mysql"
        PHOTOPRISM_DATABASE_SERVER = "mariadb:3306"
        PHOTOPRISM_SITE_URL        = "https://photos.example.org/"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/photos/files/photoprism" }}
PHOTOPRISM_ADMIN_PASSWORD={{ .PHOTOPRISM_ADMIN_PASSWORD.Value | toJSON }}
PHOTOPRISM_DATABASE_PASSWORD={{ .PHOTOPRISM_DATABASE_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "storage"
        destination = "/photoprism/storage"
      }

      resources {
        memory = 512
      }
    }

    task "thumbs" {
      driver = "docker"

      config {
        image = "ghcr.io/someone/thumbs:1"
        extra_hosts = [
          "files:127.0.0.1",
          "mariadb:127.0.0.1",
          "photoprism:127.0.0.1",
          "photos-a-1:127.0.0.1",
          "photos-b-1:127.0.0.1",
          "photos-c-1:127.0.0.1",
          "photos-mariadb-1:127.0.0.1",
          "thumbs:127.0.0.1",
        ]

        mount {
          type     = "volume"
          source   = "nfs-nas-lan-volume1-photo"
          target   = "/in"
          readonly = true

          volume_options {
            driver_config {
              name = "local"

              options {
                type   = "nfs"
                o      = "addr=nas.lan,rw"
                device = ":/volume1/photo"
              }
            }
          }
        }
      }

      volume_mount {
        volume      = "storage"
        destination = "/out"
      }

      volume_mount {
        volume      = "thumbs-win"
        destination = "/win"
      }

      resources {
        memory = 512
      }
    }
  }

  group "gotify" {
    network {
      mode = "bridge"

      port "http" {
        static = 8070
        to     = 80
      }
    }

    volume "gotify-data" {
      type   = "host"
      source = "photos-gotify-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "gotify"
      provider = "nomad"
      port     = "http"

      check {
        type     = "http"
        path     = "/health"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "gotify" {
      driver = "docker"

      config {
        image = "gotify/server:2.5.0"
      }

      env {
        TZ = "Etc/UTC"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/photos/gotify/gotify" }}
GOTIFY_DEFAULTUSER_PASS={{ .GOTIFY_DEFAULTUSER_PASS.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "gotify-data"
        destination = "/app/data"
      }

      resources {
        memory = 512
      }
    }
  }
}
