job "wordpress" {
  datacenters = ["dc1"]
  type        = "service"

  group "db" {
    network {
      mode = "bridge"
    }

    volume "db-mysql" {
      type   = "host"
      source = "wordpress-db-mysql"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "db"
      provider     = "nomad"
      port         = "3306"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "3306"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    task "db" {
      driver = "docker"

      config {
        image = "mariadb:10.6.4-focal"
        args  = ["--default-authentication-plugin=mysql_native_password"]
        volumes = [
          "secrets/db-root-password:/run/secrets/db_root_password:ro",
          "secrets/db-password:/run/secrets/db_password:ro",
        ]
      }

      env {
        MYSQL_DATABASE           = "wordpress"
        MYSQL_PASSWORD_FILE      = "/run/secrets/db_password"
        MYSQL_ROOT_PASSWORD_FILE = "/run/secrets/db_root_password"
        MYSQL_USER               = "wordpress"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/wordpress/db/db" }}{{ .db_root_password.Value }}{{ end -}}
EOT
        destination = "secrets/db-root-password"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/wordpress/db/db" }}{{ .db_password.Value }}{{ end -}}
EOT
        destination = "secrets/db-password"
      }

      volume_mount {
        volume      = "db-mysql"
        destination = "/var/lib/mysql"
      }

      resources {
        memory = 512
      }
    }
  }

  group "wordpress" {
    count = 2

    network {
      mode = "bridge"

      port "http" {
        static = 80
        to     = 80
      }
    }

    restart {
      attempts = 3
      interval = "30m"
      delay    = "15s"
      mode     = "fail"
    }

    service {
      name     = "wordpress"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "wordpress" {
      driver = "docker"

      config {
        image   = "wordpress:latest"
        volumes = ["secrets/db-password:/run/secrets/db_password:ro"]
      }

      env {
        WORDPRESS_CONFIG_EXTRA     = "/* Multisite */\ndefine('WP_ALLOW_MULTISITE', true );\n"
        WORDPRESS_DB_HOST          = "db"
        WORDPRESS_DB_NAME          = "wordpress"
        WORDPRESS_DB_PASSWORD_FILE = "/run/secrets/db_password"
        WORDPRESS_DB_USER          = "wordpress"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/wordpress/wordpress/wordpress" }}{{ .db_password.Value }}{{ end -}}
EOT
        destination = "secrets/db-password"
      }

      resources {
        memory = 512
      }
    }
  }
}
